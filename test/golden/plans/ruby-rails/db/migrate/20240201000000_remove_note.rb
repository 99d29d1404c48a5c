class RemoveNote < ActiveRecord::Migration[7.1]
  def change
    remove_column :bookings, :note, :text
  end
end
