def upgrade():
    op.add_column('items', sa.Column('price', sa.Numeric(), nullable=False))
    op.alter_column('items', 'title', existing_type=sa.String(50), type_=sa.Text())
    op.drop_column('items', 'legacy')


def downgrade():
    op.drop_column('items', 'price')
