def upgrade():
    op.create_table('items', sa.Column('id', sa.Integer()))


def downgrade():
    op.drop_table('items')
